#!/bin/sh
# store_stress.sh [build/tests.x [ROUNDS]] - the long form of the store's stress test: 8 processes,
# 500 runs and 60 random SIGKILLs, while another process reads and runs VACUUM.
tests=${1:-build/tests.x}
rounds=${2:-1}
while [ "$rounds" -gt 0 ]; do
    LOWRANK_STRESS=1 "$tests" store_stress || exit 1
    rounds=$((rounds - 1))
done
