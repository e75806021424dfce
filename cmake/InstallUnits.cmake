# SPDX-License-Identifier: MIT
# Run by `cmake --install`: the units name the programs by their full path, and the prefix is not known for sure
# before, because of --prefix. `source`, `build`, `bindir` and `libexecdir` are set by CMakeLists.txt.

cmake_path(ABSOLUTE_PATH bindir BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} NORMALIZE
  OUTPUT_VARIABLE CMAKE_INSTALL_FULL_BINDIR)
cmake_path(ABSOLUTE_PATH libexecdir BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} NORMALIZE
  OUTPUT_VARIABLE CMAKE_INSTALL_FULL_LIBEXECDIR)

# Where a user's systemd looks for units: in lib/ of these two prefixes, in share/ of those that XDG_DATA_HOME
# (~/.local/share) and XDG_DATA_DIRS stand for.
if(CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/?$")
  set(units ${CMAKE_INSTALL_PREFIX}/lib/systemd/user)
else()
  set(units ${CMAKE_INSTALL_PREFIX}/share/systemd/user)
endif()

file(GLOB plain ${source}/systemd/*.socket ${source}/systemd/*.timer)
file(INSTALL ${plain} DESTINATION ${units})
file(GLOB templates ${source}/systemd/*.service.in)
foreach(template ${templates})
  cmake_path(GET template STEM LAST_ONLY unit)
  configure_file(${template} ${build}/systemd/${unit} @ONLY)
  file(INSTALL ${build}/systemd/${unit} DESTINATION ${units})
endforeach()
