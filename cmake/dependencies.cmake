# dependencies.cmake - the libraries, each given only to the folders that may use it
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(siftd_library name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
endfunction()

siftd_library(XXHASH libxxhash)
siftd_library(ZSTD libzstd)
siftd_library(ZLIB zlib)
siftd_library(YAML yaml-0.1)
siftd_library(HS libhs)
siftd_library(EVENT libevent libevent_pthreads)
siftd_library(PQ libpq)
siftd_library(SODIUM libsodium)
siftd_library(JANSSON jansson)

set(base_libraries PkgConfig::XXHASH PkgConfig::YAML Threads::Threads m)
set(pipeline_libraries PkgConfig::ZSTD PkgConfig::HS)
set(sources_libraries PkgConfig::EVENT PkgConfig::JANSSON PkgConfig::ZLIB PkgConfig::ZSTD)
set(sinks_libraries PkgConfig::EVENT PkgConfig::PQ)
set(api_libraries PkgConfig::EVENT PkgConfig::SODIUM PkgConfig::JANSSON)
set(daemon_libraries PkgConfig::EVENT)
