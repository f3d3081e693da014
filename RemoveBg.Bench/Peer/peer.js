// Cuts out photos with sharp and onnxruntime-node: decode, resize to 320 px, infer, upscale, encode.
// node peer.js NETWORK THREADS; reads one request per line of its input, {"photo", "format", "quality", "effort",
// "level", "clears", "jobs"}, and answers each with {"ms", "bytes"}: the time until all jobs are done, and one's size.
import fs from 'node:fs';
import readline from 'node:readline';
import ort from 'onnxruntime-node';
import sharp from 'sharp';

const [network, threads] = process.argv.slice(2);
const size = 320, mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225];
sharp.concurrency(Number(threads));
const session = await ort.InferenceSession.create(network, { intraOpNumThreads: Number(threads) });

async function cutOut(file, { format, quality, effort, level, clears }) {
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
  if (clears)
    for (let i = 0; i < large.length; i++) if (large[i] === 0) data[3 * i] = data[3 * i + 1] = data[3 * i + 2] = 0;
  const joined = sharp(data, colour)
    .joinChannel(large, { raw: { width: info.width, height: info.height, channels: 1 } });
  return (format === 'png' ? joined.png({ compressionLevel: level }) : joined.webp({ quality, effort })).toBuffer();
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line), file = fs.readFileSync(request.photo);
  const start = performance.now();
  const [{ length: bytes }] = await Promise.all(Array.from({ length: request.jobs }, () => cutOut(file, request)));
  console.log(JSON.stringify({ ms: performance.now() - start, bytes }));
}
