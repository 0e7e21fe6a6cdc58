/*
 * No linker script: TAs are linked as ordinary shared objects, by the compiler's own. The file is
 * here for makefiles that name it.
 */
