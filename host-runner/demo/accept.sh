#!/bin/sh
# Tests what was deployed.
set -eu
grep -q "^$COUNTERSIGN_CHANGE_REQUEST_ID " deployed.txt
echo "what was deployed answers"
