"""Taking over members, savings and opening balances from another system (R27).

| module | question |
|---|---|
| `batches` | which imports there are, and what people decide about them |
| `uploads` | how a file arrives |
| `files` | which rows an uploaded file has |
| `reading` | what its rows say |
| `checking` | what is wrong between rows, and whether all of it agrees |
| `takeover` | how it becomes members, accounts and one journal |
| `work` | who does all that in the background |
| `reports` | what people see of it |
| `template` | what people fill their data into |
| `exports` | how the same sheets are written from what there is |
"""
