# Quality against alpha for each rank: mean, 95 % interval, every seed.
# size: 8.4 x 5.2 + 0.36 * cell_blocks
# like: rank
# make: lowrank sweep alpha
# runs: fig_runs(study=alpha)
# text: study fig_study(study=alpha)
# data: cell fig_alpha(study=alpha) by series: x, lo, hi, n, mean
# data: seed fig_alpha_seeds(study=alpha) by series: x, seed, value

x_title = '{/:Italic α}'
