set -eu
apt-get update
apt-get install --yes --no-install-recommends \
    chromium fonts-freefont-ttf fonts-liberation fonts-noto-color-emoji xauth xvfb
rm -rf /var/lib/apt/lists/*
mkdir -p /opt/google/chrome
ln -s /usr/bin/chromium /opt/google/chrome/chrome # where Playwright looks for the channel `chrome`
ln -s /usr/bin/chromium /usr/bin/google-chrome
