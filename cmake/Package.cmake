# SPDX-License-Identifier: MIT
# `cpack` in a build of the preset deb makes a Debian package. What only a package has is added to the
# installed tree by PackageFiles.cmake.

set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME misskey-authd)
set(CPACK_PACKAGE_VENDOR "misskey-authd")
set(CPACK_PACKAGE_CONTACT "The misskey-authd developers <misskey-authd@misskey-authd.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "get and keep Misskey API credentials by one click in a browser")
set(CPACK_PACKAGE_DESCRIPTION
"To call the API of a Misskey server, a script needs the credential \"i\". This
small daemon gets it by the server's app authorization: it registers an app,
opens the consent page in the user's browser, takes the redirect back on
127.0.0.1, and keeps the credential in files that the user's scripts can read.

It is a systemd user service, started by its sockets when it is needed. Besides
the daemon there are misskey-authctl, which a person types to log in, log out
and look after the accounts, and misskey-token, which prints a credential or
runs a command with it.

Each user enables it for themselves:
misskey-authctl enable")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/PackageFiles.cmake)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# ca-certificates: servers are asked by https. dbus-user-session brings libpam-systemd, and so the user's
# systemd. The other two open the browser.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, dbus-user-session, sensible-utils, xdg-utils")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion, curl")
# The maintainer scripts and the list of conffiles, as dpkg wants them.
foreach(file postinst prerm postrm conffiles)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/debian/${file})
endforeach()
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# For PackageFiles.cmake.
set(CPACK_MISSKEY_SOURCE ${PROJECT_SOURCE_DIR})
foreach(directory MANDIR DOCDIR)
  set(CPACK_MISSKEY_${directory} ${CMAKE_INSTALL_FULL_${directory}})
endforeach()
include(CPack)
