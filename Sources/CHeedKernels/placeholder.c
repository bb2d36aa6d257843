#include "heed_kernels.h"
int heed_placeholder(void) {
    return 0;
}
