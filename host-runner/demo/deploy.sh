#!/bin/sh
# Deploys: here, a line in a file. What is deployed where is in the environment, never in the arguments.
set -eu
echo "deploying $COUNTERSIGN_DELTA to $COUNTERSIGN_ENVIRONMENT"
echo "$COUNTERSIGN_CHANGE_REQUEST_ID $COUNTERSIGN_DELTA" >> deployed.txt
