#!/bin/sh
# Takes a failed deployment back: here, another line in a file.
set -eu
echo "restoring ${COUNTERSIGN_LAST_COMMIT:-nothing} in $COUNTERSIGN_ENVIRONMENT"
echo "$COUNTERSIGN_CHANGE_REQUEST_ID rolled back" >> deployed.txt
