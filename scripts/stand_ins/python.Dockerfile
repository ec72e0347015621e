ARG SUITE
FROM greenroom/debian:${SUITE}
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# Without Debian's EXTERNALLY-MANAGED file, pip installs packages as in the real images.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git python3-venv \
    && rm -rf /var/lib/apt/lists/* /usr/lib/python3*/EXTERNALLY-MANAGED \
    && ln -s python3 /usr/bin/python
RUN python "$(echo /usr/share/python-wheels/pip-*.whl)/pip" install --upgrade apify pip setuptools wheel
ENV PATH=/root/.local/bin:/home/myuser/.local/bin:${PATH}
CMD ["python", "-m", "src"]
