#!/bin/sh
# Tests what was deployed. A file `broken`, or `broken-<region>`, stands for a release that does not work.
set -eu
grep -q "^$COUNTERSIGN_CHANGE_REQUEST_ID " deployed.txt
if [ -e broken ] || [ -e "broken-$COUNTERSIGN_REGION" ]; then
    echo "what was deployed does not answer"
    exit 1
fi
echo "what was deployed answers"
