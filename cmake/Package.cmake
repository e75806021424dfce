# SPDX-License-Identifier: MIT
# `cpack` in a release build makes a Debian package.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME misskey-authd)
set(CPACK_PACKAGE_VENDOR "misskey-authd")
set(CPACK_PACKAGE_CONTACT "The misskey-authd developers <misskey-authd@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_STRIP_FILES ON)
include(CPack)
