# Heed without Swift: built in one stage, and run in another that holds the program, its models, oneDNN and Oniguruma.
#
#   docker build --tag heed .
#   docker run --rm heed translate 'Wo ist der Bahnhof?'
#   docker run --rm --volume "$PWD/run:/run/model" heed translate --model /run/model --input /run/model/texts
#
# docs/deploying.md says what of this has been tried, and how.
ARG SWIFT_VERSION=6.2
ARG DEBIAN=bookworm

FROM swift:${SWIFT_VERSION}-${DEBIAN} AS build
RUN apt-get update --quiet \
    && apt-get install --yes --no-install-recommends libdnnl-dev libonig-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /heed
COPY . .
RUN make install STATIC=1 PREFIX=/usr DESTDIR=/installed

FROM debian:${DEBIAN}-slim
# The libraries of oneDNN and Oniguruma alone: their packages have a name for each major version.
RUN apt-get update --quiet \
    && apt-get install --yes --no-install-recommends libdnnl2 libonig5 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /installed/usr /usr
RUN useradd --system --create-home heed
USER heed
WORKDIR /home/heed
ENTRYPOINT ["heed"]
CMD ["--help"]
