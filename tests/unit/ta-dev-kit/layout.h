/*
 * layout.c is compiled once per language and version of the API; each time it has another function
 * that tells the size of TEE_ObjectInfo there.
 */
#ifndef TEST_TA_DEV_KIT_LAYOUT_H
#define TEST_TA_DEV_KIT_LAYOUT_H

#ifdef __cplusplus
extern "C" {
#endif

int layout_c(void);
int layout_c_gp11(void);
int layout_c_macros(void);
int layout_cxx(void);
int layout_cxx_gp11(void);

#ifdef __cplusplus
}
#endif

#endif /* TEST_TA_DEV_KIT_LAYOUT_H */
