// Azurite keeps its metadata in Loki databases in memory and saves them every five seconds. This saves the changed ones
// before the response to each request that changes something, so that what a caller was told survives a kill.
"use strict";

const http = require("http");

const databases = new Set();
let saving = null;
let next = null;

const save = (database) =>
  new Promise((resolve, reject) => database.saveDatabase((error) => (error ? reject(error) : resolve())));

const saveChanged = () => Promise.all([...databases].filter((database) => database.autosaveDirty()).map(save));

/** Saves all changes so far. Requests that end during a save share the next one. */
const saved = () => {
  if (saving) {
    next ??= saving.then(saved, saved);
    return next;
  }
  next = null;
  saving = saveChanged().finally(() => {
    saving = null;
  });
  return saving;
};

/** Keeps back what is written to a response until all changes are saved. */
const holdBack = (response) => {
  const { write, end } = response;
  const written = [];
  response.write = (...part) => written.push(part) > 0;
  response.end = (...last) => {
    saved().then(
      () => {
        written.forEach((part) => write.apply(response, part));
        end.apply(response, last);
      },
      (error) => {
        console.error(`Could not save: ${error.message}`);
        response.destroy(error);
      },
    );
    return response;
  };
};

exports.saveBeforeResponses = (azurite) => {
  const Loki = require(require.resolve("lokijs", { paths: [azurite] }));
  // Called once for each database, by its constructor.
  const { autosaveEnable } = Loki.prototype;
  Loki.prototype.autosaveEnable = function (...options) {
    databases.add(this);
    return autosaveEnable.apply(this, options);
  };

  const { emit } = http.Server.prototype;
  http.Server.prototype.emit = function (event, request, response) {
    if (event === "request" && request.method !== "GET" && request.method !== "HEAD") holdBack(response);
    return emit.apply(this, arguments);
  };
};
