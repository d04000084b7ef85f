#!/bin/sh
# slurm-mpi.sh - a study as one MPI job: sbatch configs/studies/slurm-mpi.sh
#
# Rank 0 hands out the runs. If the job ends before the study does, the same command
# goes on; --signal gives it time to write what it has.
#SBATCH --job-name=study
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=32
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
#
# With GPUs, a rank for each: --ntasks-per-node=4 --gpus-per-node=4 --cpus-per-task=8
srun --mpi=pmix ./infoplane sweep configs/studies/activations.ini --out runs/activations
