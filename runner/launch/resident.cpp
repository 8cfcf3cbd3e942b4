#include "runner/launch/resident.hpp"

#include <cstdint>
#include <link.h>
#include <span>
#include <sys/mman.h>
#include <unistd.h>

namespace runagents::launch {

void release_program_text() noexcept {
#ifdef NDEBUG
  const auto release = [](dl_phdr_info* object, std::size_t, void*) -> int {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (const auto& segment : std::span{object->dlpi_phdr, object->dlpi_phnum}) {
      // What is writable, or was until relocation, is not what the file has.
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0 || (segment.p_flags & PF_W) != 0) continue;
      const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
      const std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
      static_cast<void>(::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED));
    }
    return 0;
  };
  ::dl_iterate_phdr(release, nullptr);
#endif
}

}  // namespace runagents::launch
