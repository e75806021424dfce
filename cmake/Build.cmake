# SPDX-License-Identifier: MIT
# How everything is compiled: C17, warnings, hardening, sanitizers. A target links `build`.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
# Programs look for their catalogues from where they are themselves (common/translate.h), so that an installed tree
# works under any --prefix, and the build tree too.
file(RELATIVE_PATH MISSKEY_LOCALEDIR ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LOCALEDIR})
include(CheckPIESupported)
check_pie_supported()

add_library(build INTERFACE)
target_compile_definitions(build INTERFACE _GNU_SOURCE
  MISSKEY_AUTHD_VERSION="${PROJECT_VERSION}")
target_compile_options(build INTERFACE
  -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes
  -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef
  $<$<BOOL:${MISSKEY_WERROR}>:-Werror>)
# What is installed does not tell where it was built.
target_compile_options(build INTERFACE
  $<$<NOT:$<CONFIG:Debug>>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.>
  $<$<NOT:$<CONFIG:Debug>>:-ffile-prefix-map=${PROJECT_BINARY_DIR}=./build>)

if(MISSKEY_SANITIZE)
  target_compile_options(build INTERFACE
    -fsanitize=${MISSKEY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(build INTERFACE -fsanitize=${MISSKEY_SANITIZE})
else()
  # _FORTIFY_SOURCE needs optimization.
  target_compile_options(build INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>
    -fstack-protector-strong -fstack-clash-protection
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>)
  target_link_options(build INTERFACE -Wl,-z,relro,-z,now)
endif()
target_link_options(build INTERFACE -Wl,--as-needed)
