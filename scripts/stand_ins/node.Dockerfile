ARG SUITE
FROM greenroom/debian:${SUITE}
COPY node/ /usr/local/
# The Debian packages of Node.js. It is empty if node/ contains Node.js.
ARG DEBIAN_PACKAGES
RUN if [ -n "$DEBIAN_PACKAGES" ]; then \
        apt-get update \
        && apt-get install --yes --no-install-recommends $DEBIAN_PACKAGES \
        && rm -rf /var/lib/apt/lists/*; \
    fi
# As in the real images, `corepack enable` decides whether corepack replaces yarn and pnpm.
RUN cd / \
    && install="npm install --global --prefix=/usr/local --no-audit --no-fund --update-notifier=false" \
    && $install corepack \
    && rm /usr/local/bin/pnpm /usr/local/bin/pnpx /usr/local/bin/yarn /usr/local/bin/yarnpkg \
    && $install pnpm@10 yarn@1 \
    && npm cache clean --force
ENV NODE_ENV=production \
    NODE_OPTIONS="--max_old_space_size=30000 --max-http-header-size=80000"
COPY package.json ./
RUN npm install --omit=dev --omit=optional --no-package-lock --no-audit --no-fund --update-notifier=false \
    && npm cache clean --force
CMD ["npm", "start", "--silent"]
