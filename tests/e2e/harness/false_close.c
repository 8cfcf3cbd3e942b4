/* Put before a program and its children: each close(2) of runagents says EIO, as the kernel may, of a descriptor that
   it has closed all the same. The first one leaves a byte in the file that FALSE_CLOSE names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(void) {
  static atomic_flag noted = ATOMIC_FLAG_INIT;
  const char* path = getenv("FALSE_CLOSE");
  if (!path || atomic_flag_test_and_set(&noted)) return;
  int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0 || write(file, "c", 1) != 1) abort();
}

int close(int descriptor) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "close");
  int result = real(descriptor);
  if (result != 0 || strcmp(program_invocation_short_name, "runagents") != 0) return result;
  note();
  errno = EIO;
  return -1;
}
