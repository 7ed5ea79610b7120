# Ticket 58112: remove the old driver, it comes back by itself.
Get-PrinterDriver -Name 'Northwind PCL*' | Remove-PrinterDriver
