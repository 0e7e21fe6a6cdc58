/*
 * The private dynamic tags under which a verified TA image keeps its constructors and destructors.
 *
 * The registry (in teesimd) renames DT_INIT and its relatives to these before the image is sealed;
 * the dynamic linker knows none of them and so runs no TA code while it loads the image. The loader
 * (in ta-host) finds them again through link_map->l_ld and calls what they name once the final
 * sandbox is in place. The values lie in the range that ELF leaves to the operating system, away
 * from everything that GNU tools use.
 */
#ifndef TEESIM_REGISTRY_NEUTRAL_TAGS_H
#define TEESIM_REGISTRY_NEUTRAL_TAGS_H

#define TEESIM_DT_INIT	       0x60007E01
#define TEESIM_DT_FINI	       0x60007E02
#define TEESIM_DT_INIT_ARRAY   0x60007E03
#define TEESIM_DT_INIT_ARRAYSZ 0x60007E04
#define TEESIM_DT_FINI_ARRAY   0x60007E05
#define TEESIM_DT_FINI_ARRAYSZ 0x60007E06

#endif
