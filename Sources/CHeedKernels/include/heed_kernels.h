#ifndef HEED_KERNELS_H
#define HEED_KERNELS_H
int heed_placeholder(void);
#endif
