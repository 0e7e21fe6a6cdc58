/*
 * The parts of the assembler file that lazy_library.cmake writes, for each machine that the sandbox
 * knows. An entry touches no register that carries an argument.
 */
#ifndef TEESIM_TA_HOST_API_LAZY_LIBRARY_ENTRY_H
#define TEESIM_TA_HOST_API_LAZY_LIBRARY_ENTRY_H

/* What follows is assembler. */
/* clang-format off */

#if defined(__x86_64__)
#define LAZY_ENTRY(name, index)                                                      \
	.text; .globl name; .hidden name; .type name, @function;                     \
	name: endbr64; jmp *(lazy_slots + 8 * index)(%rip); .size name, . - name
#elif defined(__aarch64__)
#define LAZY_ENTRY(name, index)                                                      \
	.text; .globl name; .hidden name; .type name, %function;                     \
	name: hint 34; adrp x16, lazy_slots + 8 * index;                             \
	ldr x16, [x16, :lo12:(lazy_slots + 8 * index)]; br x16; .size name, . - name
#elif defined(__riscv) && __riscv_xlen == 64
#define LAZY_ENTRY(name, index)                                                      \
	.text; .globl name; .hidden name; .type name, @function;                     \
	name: lla t0, lazy_slots + 8 * index; ld t0, 0(t0); jr t0; .size name, . - name
#else
#error "write an entry for this machine"
#endif

#define LAZY_SLOTS .data; .balign 8; .globl lazy_slots; .hidden lazy_slots; lazy_slots:
#define LAZY_SLOT  .quad lazy_library_closed
#define LAZY_NAMES \
	.section .data.rel.ro, "aw"; .balign 8; .globl lazy_names; .hidden lazy_names; lazy_names:
#define LAZY_NAME(name) .quad .Lname_##name
#define LAZY_END	.quad 0; .section .rodata
#define LAZY_TEXT(name) .Lname_##name: .asciz #name

#if defined(__x86_64__)
/* Indirect branch tracking and shadow stacks stay on for the whole program. */
#define LAZY_NOTE                                                                    \
	.section .note.GNU-stack, "", %progbits;                                     \
	.section .note.gnu.property, "a"; .balign 8;                                 \
	.long 4, 16, 5; .asciz "GNU"; .long 0xc0000002, 4, 3, 0
#else
#define LAZY_NOTE .section .note.GNU-stack, "", %progbits
#endif

/* clang-format on */

#endif
