/* Put before a program: its wall clock differs from the machine's by the seconds at the start of the file that
   FALSE_CLOCK names. The monotonic clock does not, as with a clock that somebody sets. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static const volatile long long *offset;

__attribute__((constructor)) static void open_offset(void) {
  const char *name = getenv("FALSE_CLOCK");
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  void *mapped = file >= 0 ? mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
  if (mapped != MAP_FAILED) offset = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, at);
  if (result == 0 && clock == CLOCK_REALTIME && offset) at->tv_sec += *offset;
  return result;
}
