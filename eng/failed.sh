#!/usr/bin/env bash
# eng/failed.sh TESTS.trx   the tests that failed, each with its class and the first lines of its message
set -euo pipefail
awk '
  function attribute(name) {
    return match($0, " " name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : ""
  }
  function plain(text) {
    gsub(/&#xD;|\r/, "", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text)
    gsub(/&quot;/, "\"", text); gsub(/&apos;/, "\x27", text); gsub(/&amp;/, "\\&", text)
    return text
  }
  /<UnitTestResult / {
    failed = attribute("outcome") == "Failed"
    if (failed) { order[++count] = id = attribute("testId"); name[id] = attribute("testName") }
  }
  failed && /<Message>/ { reading = 1 }
  reading {
    line = $0; sub(/.*<Message>/, "", line); sub(/<\/Message>.*/, "", line)
    if (lines[id]++ < 6 && line !~ /^[[:space:]]*$/) message[id] = message[id] "    " plain(line) "\n"
  }
  /<\/Message>/ { reading = 0 }
  # The classes come in the second half of the file.
  /<UnitTest / { at = attribute("id") }
  /<TestMethod / { class[at] = attribute("className") }
  END {
    for (i = 1; i <= count; i++) {
      id = order[i]
      printf "%sFailed: %s.%s\n%s", i == 1 ? "\n" : "", plain(class[id]), plain(name[id]), message[id]
    }
  }
' "$1"
