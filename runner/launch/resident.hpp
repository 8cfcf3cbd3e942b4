#pragma once

namespace runagents::launch {

/// Gives back the pages of program text that start-up has touched, of the program and of its libraries: most of them
/// are never needed again, and those that are come back from the page cache at their next use (madvise(2),
/// MADV_DONTNEED). A debugger's breakpoints in them are lost, so builds for a debugger keep their pages. Of any thread.
void release_program_text() noexcept;

}  // namespace runagents::launch
