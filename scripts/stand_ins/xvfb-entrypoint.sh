#!/bin/sh
# As in the real images, this shell stays the parent of the Actor, and does not pass signals on to it.
echo "Will run command: xvfb-run $*"
xvfb-run -a -s "-ac -screen 0 1920x1080x24+32 -nolisten tcp" "$@"
