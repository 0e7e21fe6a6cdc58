/* unsigned int counter(unsigned int n): n plus a step that only the assembler's flags know. */
#if defined(__x86_64__) && defined(__ASSEMBLER__)
	.text
	.globl	counter
	.type	counter, @function
counter:
	lea	STEP(%rdi), %eax
	ret
	.size	counter, .-counter
#else
#error "assembler for another machine"
#endif
	.section .note.GNU-stack, "", @progbits
