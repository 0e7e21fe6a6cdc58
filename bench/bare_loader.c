/*
 * The yardstick of a cold OpenSession: loads the TA that it is given, and the library that its host
 * would load with it where one is named, says so by one octet on standard output, and stays until
 * it is killed.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	void *image = argc == 2 || argc == 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;

	if (image && argc == 3 && !dlopen(argv[2], RTLD_NOW | RTLD_LOCAL))
		image = NULL;

	if (!image || !dlsym(image, "TA_InvokeCommandEntryPoint")) {
		fprintf(stderr, "bare_loader: %s\n", image ? "no TA" : dlerror());
		return 1;
	}
	if (write(STDOUT_FILENO, "", 1) != 1)
		return 1;
	for (;;)
		pause();
}
