# Quality against the learning rate for each method, rank and set of matrices: mean, 95 % interval, every seed.
# size: 8.4 x 5.2 + 0.36 * cell_blocks
# like: rank
# make: lowrank sweep lr
# runs: fig_runs(study=lr)
# text: study fig_study(study=lr)
# data: cell fig_lr(study=lr) by series: x, lo, hi, n, mean
# data: seed fig_lr_seeds(study=lr) by series: x, seed, value

x_title = 'learning rate'
x_base = 10
spread = 1.02
aside = 1.01
