// Runs Azurite for the program that started it, and ends with that program however it ends, because standard input is
// closed then. Ctrl-C reaches the whole process group, but the host still has to drain, so the host alone decides when
// storage stops. A SIGTERM makes Azurite write everything to disk.
"use strict";

const once = process.once;
process.once = (event, listener) => (event === "SIGINT" ? process : once.call(process, event, listener));
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

const stop = () => {
  process.emit("SIGTERM");
  // Connections that linger must not keep the data file locked for the next start.
  setTimeout(() => process.exit(0), 3000).unref();
};
process.stdin.on("end", stop).on("error", stop).resume();

const durable = process.argv[2] === "--durable";
if (durable) process.argv.splice(2, 1);
const [, , azurite] = process.argv;
process.argv.splice(1, 2, azurite);
if (durable) require("./azurite-durable.js").saveBeforeResponses(azurite);
require(azurite);
