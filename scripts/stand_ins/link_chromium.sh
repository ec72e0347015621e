# Links Chromium to where this version of Playwright expects the browsers that it would download. $1 is its command, which
# does not exist in images for Puppeteer.
set -eu
command -v "$1" > /dev/null || exit 0
"$1" install --dry-run chromium | sed -n 's/^ *Install location: *//p' | while read -r folder; do
    for path in chrome-linux/chrome chrome-linux64/chrome chrome-linux/headless_shell \
        chrome-headless-shell-linux64/chrome-headless-shell; do
        mkdir -p "$folder/$(dirname "$path")"
        ln -s /usr/bin/chromium "$folder/$path"
    done
done
