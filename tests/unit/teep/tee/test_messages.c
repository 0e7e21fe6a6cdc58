#include "tam_kit.h"
