/*
 * net_train.cu - trainers of a device: what ipl_sync and ipl_upload ask of them.
 */
#include "common.cuh"

ipl_status ipl_cuda_trainer_check(ipl_cuda_trainer *) { return IPL_OK; }

int ipl_cuda_trainer_uses(const ipl_cuda_trainer *, const void *, size_t) { return 0; }

ipl_cuda_trainer *ipl_cuda_trainer_next(const ipl_cuda_trainer *) { return NULL; }
