// Cuts out one photo several times with sharp and onnxruntime-node: decode, resize to 320 px, infer, upscale, encode.
// node peer.js NETWORK PHOTO webp|png RUNS THREADS; prints {"ms": [...], "bytes": n}
import fs from 'node:fs';
import ort from 'onnxruntime-node';
import sharp from 'sharp';

const [network, photo, format, runs, threads] = process.argv.slice(2);
const size = 320, mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225];
sharp.concurrency(Number(threads));
const session = await ort.InferenceSession.create(network, { intraOpNumThreads: Number(threads) });
const file = fs.readFileSync(photo);

async function cutOut() {
  const { data, info } = await sharp(file).rotate().removeAlpha().toColourspace('srgb').raw()
    .toBuffer({ resolveWithObject: true });
  const colour = { raw: { width: info.width, height: info.height, channels: 3 } };
  const small = await sharp(data, colour).resize(size, size, { fit: 'fill' }).raw().toBuffer();
  const input = new Float32Array(3 * size * size);
  for (let i = 0; i < size * size; i++)
    for (let c = 0; c < 3; c++) input[c * size * size + i] = (small[3 * i + c] / 255 - mean[c]) / std[c];
  const output = await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', input, [1, 3, size, size]) });
  const alpha = output[session.outputNames[0]].data;
  const matte = Buffer.from(Uint8ClampedArray.from(alpha, value => value * 255));
  const large = await sharp(matte, { raw: { width: size, height: size, channels: 1 } })
    .resize(info.width, info.height, { fit: 'fill' }).extractChannel(0).raw().toBuffer();
  const joined = sharp(data, colour)
    .joinChannel(large, { raw: { width: info.width, height: info.height, channels: 1 } });
  return (format === 'png' ? joined.png() : joined.webp({ quality: 90 })).toBuffer();
}

const ms = [], warmUps = 3;
let bytes = 0;
for (let run = -warmUps; run < Number(runs); run++) {
  const start = performance.now();
  bytes = (await cutOut()).length;
  if (run >= 0) ms.push(performance.now() - start);
}
console.log(JSON.stringify({ ms, bytes }));
