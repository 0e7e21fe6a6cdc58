#ifndef KIT_EXTERNAL_H
#define KIT_EXTERNAL_H

unsigned int external(void);

#endif
