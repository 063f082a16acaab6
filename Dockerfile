# A tag can be built anew, with its Debian's security updates; an image named with its digest stays what it is.
ARG BASE_IMAGE=python:3.13.9-slim-bookworm

FROM ${BASE_IMAGE} AS build
# Another package index, where the default one cannot be reached; pip ignores an empty value.
ARG PIP_INDEX_URL=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# pip has a place of its own, so that what is copied into the images is without it; so are the packages' own tests.
RUN python -m venv /opt/pip && python -m venv --without-pip /opt/venv
ENV PATH=/opt/pip/bin:$PATH
WORKDIR /src
# The dependencies first: they change less often than the code.
COPY requirements.lock ./
RUN pip --python /opt/venv/bin/python install --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml LICENSE ./
COPY packages/python packages/python
COPY tsuzuki tsuzuki
COPY app app
COPY model model
RUN pip --python /opt/venv/bin/python install --no-deps . \
    && find /opt/venv -type d -name tests -prune -exec rm -r {} +

FROM build AS build-train
ARG PIP_INDEX_URL=""
COPY requirements-train.lock ./
RUN pip --python /opt/venv/bin/python install --no-deps --require-hashes -r requirements-train.lock \
    && find /opt/venv -type d -name tests -prune -exec rm -r {} +

FROM ${BASE_IMAGE} AS base
# A new volume mounted at one of these folders belongs to the user that the folder belongs to.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin tsuzuki \
    && install --directory --owner=tsuzuki --group=tsuzuki /models /var/lib/tsuzuki
# pip has compiled the code already, and a read-only root takes no more.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /
# By number, so that Kubernetes can see that it is not root.
USER 10001

FROM base AS train
COPY --from=build-train /opt/venv /opt/venv
# Where Matplotlib may keep its list of fonts.
ENV MPLCONFIGDIR=/tmp
# A later --out goes before this one.
ENTRYPOINT ["tsuzuki", "train", "--out", "/models/mine"]

FROM base AS serve
COPY --from=build /opt/venv /opt/venv
EXPOSE 8000
# What people teach; a volume keeps it.
ENV TSUZUKI_DATABASE=sqlite:////var/lib/tsuzuki/tsuzuki.db
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8000, timeout=2); c.request('GET', '/health/live'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["tsuzuki", "--host", "0.0.0.0"]
