# What makes a hole in the program harder to use. Of the release: sanitizers see more, and do without some of this.
# tests/e2e/test_hardening.py reads the program to see that it is there. Needs runagents_flags.
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|i.86)$")
  set(control_flow -fcf-protection=full)  # indirect branches land on endbr64 only
  # Debian's archives were compiled without endbr64, so that IBT must not be claimed; no code here switches stacks.
  set(control_flow_link -Wl,-z,shstk)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(control_flow -mbranch-protection=standard)  # return addresses are signed
  set(control_flow_link "")
endif()

if(NOT RUNAGENTS_SANITIZE)
  set(release "$<CONFIG:Release,RelWithDebInfo,MinSizeRel>")
  # Zeroing the kilobyte that Asio lays out for each read and write would be half of what all of this costs.
  set(initialised -ftrivial-auto-var-init=zero -ftrivial-auto-var-init-max-size=256)
  target_compile_options(runagents_flags INTERFACE
    "$<${release}:-fstack-protector-strong;-fstack-clash-protection;${initialised};${control_flow}>"
    "$<${release}:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3;-D_GLIBCXX_ASSERTIONS>"
    -Wformat=2)
endif()

function(runagents_harden target)
  if(NOT RUNAGENTS_SANITIZE)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON SKIP_BUILD_RPATH ON)
    target_link_options(${target} PRIVATE
      -Wl,-z,relro -Wl,-z,now                           # what the loader has filled in is read-only from then on
      -Wl,-z,noexecstack -Wl,-z,text -Wl,-z,separate-code
      -Wl,--as-needed ${control_flow_link})
  endif()
endfunction()
