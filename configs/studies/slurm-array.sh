#!/bin/sh
# slurm-array.sh - a study as 16 jobs without MPI: sbatch configs/studies/slurm-array.sh
#
# Each does its part, and the last to end writes the tables of all. Locks keep two jobs
# from the same run, so a job may be started again at any time.
#SBATCH --job-name=study
#SBATCH --array=1-16
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --signal=B:TERM@120
exec ./infoplane sweep configs/studies/activations.ini --out runs/activations \
    --part "$SLURM_ARRAY_TASK_ID/16"
