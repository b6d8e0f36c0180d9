#!/bin/sh
# Run a study through a real Slurm on this machine, to test profiles/slurm. Debian, as root:
#     sh tools/slurm_on_localhost.sh [snakemake arguments]
# Installs slurm where it is missing, starts one node without accounting, runs snakemake in the current folder
# (CPU only), prints Slurm's own list of jobs, and stops the daemons it started.
set -eu

command -v slurmd slurmctld sbatch munged >/dev/null ||
    apt-get install -y --no-install-recommends slurmctld slurmd slurm-client munge

conf=/etc/slurm/slurm.conf
if test -e $conf && ! grep -q "ClusterName=sharpfit_localhost" $conf; then
    echo "error: $conf is there already; this script would replace it" >&2
    exit 1
fi
folder=$(mktemp -d)
host=$(hostname -s)
mkdir -p "$folder/state" "$folder/spool" /run/munge /etc/slurm
cat > $conf <<CONF
ClusterName=sharpfit_localhost
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=6917
SlurmdPort=6918
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/jobs.txt
ReturnToService=2
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(awk '/MemTotal/ {print int($2 / 1100)}' /proc/meminfo)
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF

test -e /etc/munge/munge.key || mungekey --create
chown -R munge: /etc/munge /run/munge
pgrep -x munged >/dev/null || runuser -u munge -- munged
slurmctld
slurmd
trap 'kill $(cat "$folder/slurmd.pid") $(cat "$folder/slurmctld.pid") 2>/dev/null' EXIT
sleep 3
sinfo

status=0
snakemake --workflow-profile profiles/slurm --config device=cpu --latency-wait 10 \
    --slurm-status-command squeue --slurm-init-seconds-before-status-checks 2 \
    --seconds-between-status-checks 2 "$@" || status=$?

echo "Jobs that Slurm ran:"
sed 's/ UserId.*JobState=/ /; s/ Partition.*StartTime/ StartTime/; s/ NodeCnt.*//' "$folder/jobs.txt"
echo "$(wc -l < "$folder/jobs.txt") jobs; snakemake ended with status $status"
exit $status
