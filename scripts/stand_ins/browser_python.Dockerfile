# A stand-in for the image of Python with Playwright: Debian's Chromium in the places where Playwright looks for it.
ARG BASE
FROM ${BASE}
COPY install_chromium.sh link_chromium.sh /opt/stand-in/
RUN sh /opt/stand-in/install_chromium.sh
COPY xvfb-entrypoint.sh ./
ENV APIFY_DEFAULT_BROWSER_PATH=/usr/bin/chromium \
    CRAWLEE_DEFAULT_BROWSER_PATH=/usr/bin/chromium \
    PLAYWRIGHT_BROWSERS_PATH=/opt/browsers
ARG PACKAGE
RUN pip install "$PACKAGE" && sh /opt/stand-in/link_chromium.sh playwright
ENTRYPOINT ["./xvfb-entrypoint.sh"]
CMD ["python", "-m", "src"]
