# The base of all stand-ins on a Debian suite: the root file system, the host's certificates, the Actor's user and folder.
FROM scratch
ADD rootfs.tar /
# When an Actor's Dockerfile installs packages, their archives and caches must not stay in the image.
COPY apt.conf /etc/apt/apt.conf.d/90no-caches
COPY host.crt /usr/local/share/ca-certificates/host.crt
RUN update-ca-certificates \
    && useradd --create-home --key HOME_MODE=0755 --uid 1000 --groups audio,video myuser \
    && mkdir -p /usr/src/app \
    && chown myuser:myuser /usr/src/app \
    && ln -s /usr/src/app /home/myuser/app
# Node.js, pip, requests and OpenSSL find the certificates in different ways.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /usr/src/app
