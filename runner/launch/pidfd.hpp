#pragma once

// glibc 2.36 declares these for C only.
extern "C" {
#include <sys/pidfd.h>
}
