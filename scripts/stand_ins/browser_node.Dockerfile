# A stand-in for the images of Node.js with a browser: Debian's Chromium in the places where the libraries look for one.
ARG BASE
FROM ${BASE}
USER root
COPY install_chromium.sh link_chromium.sh /opt/stand-in/
RUN sh /opt/stand-in/install_chromium.sh
COPY --chown=myuser:myuser xvfb-entrypoint.sh /home/myuser/
RUN rm /home/myuser/app \
    && cp --archive /usr/src/app/. /home/myuser/ \
    && chown --recursive myuser:myuser /home/myuser
ENV APIFY_CHROME_EXECUTABLE_PATH=/usr/bin/chromium \
    APIFY_DEFAULT_BROWSER_PATH=/usr/bin/chromium \
    CRAWLEE_CHROME_EXECUTABLE_PATH=/usr/bin/chromium \
    CRAWLEE_DEFAULT_BROWSER_PATH=/usr/bin/chromium \
    CRAWLEE_XVFB=1 \
    PLAYWRIGHT_BROWSERS_PATH=/opt/browsers \
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 \
    PUPPETEER_EXECUTABLE_PATH=/usr/bin/chromium \
    PUPPETEER_SKIP_DOWNLOAD=1
USER myuser
WORKDIR /home/myuser
ARG PACKAGE
RUN npm install --no-package-lock --no-audit --no-fund --update-notifier=false "$PACKAGE" \
    && npm cache clean --force
USER root
RUN sh /opt/stand-in/link_chromium.sh node_modules/.bin/playwright
USER myuser
ENTRYPOINT ["/home/myuser/xvfb-entrypoint.sh"]
CMD ["npm", "start", "--silent"]
