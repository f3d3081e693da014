# RemoveBg.SelfHost: the whole service in one process, on a storage account or on Azurite (docker-compose.yml), or with
# RemoveBg__Role one part of it (docs/containers.md).
# The tags move: a build takes the newest .NET 10. To repeat one, write the digests behind them (FROM NAME@sha256:...):
#   docker buildx imagetools inspect mcr.microsoft.com/dotnet/aspnet:10.0 --format '{{.Manifest.Digest}}'
FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS base

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
# /app/sbom.cdx.json lists the packages of the base image too.
RUN --mount=type=bind,from=base,target=/base \
    dotnet publish RemoveBg.SelfHost -c Release -o /app -p:BaseImageRoot=/base

FROM base
COPY --from=build /app /app
WORKDIR /app
ENV DOTNET_ENVIRONMENT=Production \
    DOTNET_EnableDiagnostics=0 \
    ORT_DISABLE_TELEMETRY=1 \
    GLIBC_TUNABLES=glibc.malloc.hugetlb=1 \
    RemoveBg__Model__Cache=/tmp/models
# Runs with a read-only root file system: it writes to /tmp alone.
USER $APP_UID
EXPOSE 7071
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["dotnet", "RemoveBg.SelfHost.dll", "healthcheck"]
ENTRYPOINT ["dotnet", "RemoveBg.SelfHost.dll", "serve", "--no-azurite", "--offline"]
CMD ["--listen", "0.0.0.0", "--port", "7071"]
