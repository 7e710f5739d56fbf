# Loss per token of models that are trained from text alone, against steps.
# size: 13 x 7.5
# make: lowrank pretrain TEXT DIR
# data: loss fig_pretraining by series: step, loss

set xlabel 'step'
set ylabel 'loss per token (nats)'
plot for [k = 1:loss_blocks] data index loss_first + k - 1 using 1:2 with lines linestyle style(k) title loss_series[k]
